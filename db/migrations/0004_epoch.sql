-- May run beside: 0003, but briefly: its batches name no epoch, so a new one does not keep them out.
ALTER TABLE "revision" ADD COLUMN "epoch" bigint DEFAULT 0 NOT NULL, ADD COLUMN "alone" integer DEFAULT 0 NOT NULL;
