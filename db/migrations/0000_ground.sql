-- May run beside: nothing older, this is the first.
CREATE TABLE "revision" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"value" bigint NOT NULL,
	CONSTRAINT "revision_single_row" CHECK ("id" = 1)
) WITH (fillfactor = 20);
--> statement-breakpoint
INSERT INTO "revision" ("id", "value") VALUES (1, 1);
--> statement-breakpoint
CREATE TABLE "objects" (
	"resource" text COLLATE "C" NOT NULL,
	"namespace" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"revision" bigint NOT NULL,
	"value" text NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "objects_resource_namespace_name_pk" PRIMARY KEY ("resource", "namespace", "name")
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"revision" bigint PRIMARY KEY NOT NULL,
	"resource" text COLLATE "C" NOT NULL,
	"namespace" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"previous_revision" bigint NOT NULL,
	"value" text,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
) PARTITION BY RANGE ("revision");
--> statement-breakpoint
CREATE TABLE "changes_0" PARTITION OF "changes" FOR VALUES FROM (0) TO (20000);
--> statement-breakpoint
CREATE TABLE "allocations" (
	"scope" text NOT NULL,
	"value" text NOT NULL,
	"holder" text NOT NULL,
	"allocated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "allocations_scope_value_pk" PRIMARY KEY ("scope", "value")
);
