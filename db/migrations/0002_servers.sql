-- May run beside: 0001, which knows nothing of these tables.
CREATE TABLE "identity" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "servers" (
	"id" integer PRIMARY KEY NOT NULL,
	"address" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "node_links" (
	"node" text PRIMARY KEY NOT NULL,
	"server" integer NOT NULL,
	"linked_at" timestamp with time zone DEFAULT now() NOT NULL
);
