-- May run beside: all before it, only how tables are stored changes.
-- Room on each page, so that a new version of a row is beside the old one and no index is touched (HOT): no column that changes is indexed.
-- Vacuum when there is enough to gain, not each minute; plans hang on no statistics here, so analyze is rarer still.
ALTER TABLE "objects" SET (
	fillfactor = 85,
	autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_insert_threshold = -1,
	autovacuum_analyze_threshold = 20000, autovacuum_analyze_scale_factor = 0.5,
	toast.autovacuum_vacuum_threshold = 2000, toast.autovacuum_vacuum_scale_factor = 0.1, toast.autovacuum_vacuum_insert_threshold = -1
);
--> statement-breakpoint
-- One row: its old versions go when the page is next written. Vacuum is for those that a long transaction has kept.
ALTER TABLE "revision" SET (
	autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2000000000
);
