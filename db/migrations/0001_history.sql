-- May run beside: 0000_ground; what it writes has no one's name on it.
ALTER TABLE "changes" ADD COLUMN "changed_by" text, ADD COLUMN "user_agent" text;
