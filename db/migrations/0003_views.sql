-- May run beside: all before it, views change nothing for them.
-- The views are for people's own queries (docs/configuration.md lists them). There is none of Secrets, and none shows the
-- environment of a container or the data of a ConfigMap. jsonb is made once an object, behind OFFSET 0; conditions on namespace and name go
-- through to the index.
CREATE VIEW "namespaces" AS
SELECT o.name, j.v #>> '{status,phase}' AS phase,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'namespaces';
--> statement-breakpoint
CREATE VIEW "nodes" AS
SELECT o.name, coalesce(jsonb_path_query_first(j.v, '$.status.conditions[*] ? (@.type == "Ready").status') #>> '{}' = 'True', false) AS ready,
	coalesce((j.v #>> '{spec,unschedulable}')::boolean, false) AS unschedulable,
	jsonb_path_query_first(j.v, '$.status.addresses[*] ? (@.type == "InternalIP").address') #>> '{}' AS ip,
	j.v #>> '{status,capacity,cpu}' AS cpu, j.v #>> '{status,capacity,memory}' AS memory, j.v #>> '{status,capacity,pods}' AS pods,
	j.v #>> '{status,nodeInfo,kubeletVersion}' AS version, j.v #>> '{status,nodeInfo,osImage}' AS os,
	j.v #>> '{status,nodeInfo,architecture}' AS architecture,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'nodes';
--> statement-breakpoint
CREATE VIEW "pods" AS
SELECT o.namespace, o.name, j.v #>> '{status,phase}' AS phase,
	coalesce(j.v #>> '{status,reason}',
		jsonb_path_query_first(j.v, '$.status.initContainerStatuses[*].state.waiting.reason') #>> '{}',
		jsonb_path_query_first(j.v, '$.status.containerStatuses[*].state.waiting.reason') #>> '{}',
		jsonb_path_query_first(j.v, '$.status.containerStatuses[*].state.terminated.reason') #>> '{}') AS reason,
	jsonb_array_length(jsonb_path_query_array(j.v, '$.status.containerStatuses[*] ? (@.ready == true)')) AS ready,
	jsonb_array_length(jsonb_path_query_array(j.v, '$.spec.containers[*]')) AS containers,
	(SELECT coalesce(sum((r #>> '{}')::bigint), 0) FROM jsonb_path_query(j.v, '$.status.containerStatuses[*].restartCount') AS r)::bigint AS restarts,
	j.v #>> '{spec,nodeName}' AS node, j.v #>> '{status,podIP}' AS ip,
	(SELECT string_agg(i #>> '{}', ', ') FROM jsonb_path_query(j.v, '$.spec.containers[*].image') AS i) AS images,
	jsonb_path_query_first(j.v, '$.metadata.ownerReferences[*] ? (@.controller == true).kind') #>> '{}' AS owner_kind,
	jsonb_path_query_first(j.v, '$.metadata.ownerReferences[*] ? (@.controller == true).name') #>> '{}' AS owner,
	j.v #> '{metadata,deletionTimestamp}' IS NOT NULL AS terminating,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'pods';
--> statement-breakpoint
CREATE VIEW "deployments" AS
SELECT o.namespace, o.name, (j.v #>> '{spec,replicas}')::int AS replicas, coalesce((j.v #>> '{status,readyReplicas}')::int, 0) AS ready,
	coalesce((j.v #>> '{status,updatedReplicas}')::int, 0) AS updated, coalesce((j.v #>> '{status,availableReplicas}')::int, 0) AS available,
	coalesce((j.v #>> '{spec,paused}')::boolean, false) AS paused,
	(SELECT string_agg(i #>> '{}', ', ') FROM jsonb_path_query(j.v, '$.spec.template.spec.containers[*].image') AS i) AS images,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'deployments.apps';
--> statement-breakpoint
CREATE VIEW "replicasets" AS
SELECT o.namespace, o.name, (j.v #>> '{spec,replicas}')::int AS replicas, coalesce((j.v #>> '{status,replicas}')::int, 0) AS current,
	coalesce((j.v #>> '{status,readyReplicas}')::int, 0) AS ready,
	(SELECT string_agg(i #>> '{}', ', ') FROM jsonb_path_query(j.v, '$.spec.template.spec.containers[*].image') AS i) AS images,
	jsonb_path_query_first(j.v, '$.metadata.ownerReferences[*] ? (@.controller == true).kind') #>> '{}' AS owner_kind,
	jsonb_path_query_first(j.v, '$.metadata.ownerReferences[*] ? (@.controller == true).name') #>> '{}' AS owner,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'replicasets.apps';
--> statement-breakpoint
CREATE VIEW "services" AS
SELECT o.namespace, o.name, j.v #>> '{spec,type}' AS type, j.v #>> '{spec,clusterIP}' AS cluster_ip,
	(SELECT string_agg(concat(p ->> 'port', ':' || (p ->> 'nodePort'), '/', p ->> 'protocol'), ', ') FROM jsonb_path_query(j.v, '$.spec.ports[*]') AS p) AS ports,
	j.v #> '{spec,selector}' AS selector,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'services';
--> statement-breakpoint
CREATE VIEW "configmaps" AS
SELECT o.namespace, o.name,
	(SELECT string_agg(k, ', ' ORDER BY k) FROM (SELECT jsonb_object_keys(coalesce(j.v -> 'data', '{}')) UNION ALL SELECT jsonb_object_keys(coalesce(j.v -> 'binaryData', '{}'))) AS keys (k)) AS keys,
	length(o.value) AS characters, coalesce((j.v ->> 'immutable')::boolean, false) AS immutable,
	date_trunc('second', now() - (j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age,
	(j.v #>> '{metadata,creationTimestamp}')::timestamptz AS created, j.v #> '{metadata,labels}' AS labels, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'configmaps';
--> statement-breakpoint
CREATE VIEW "events" AS
SELECT o.namespace, o.name,
	coalesce(j.v ->> 'lastTimestamp', j.v #>> '{series,lastObservedTime}', j.v ->> 'eventTime', j.v #>> '{metadata,creationTimestamp}')::timestamptz AS last_seen,
	j.v ->> 'type' AS type, j.v ->> 'reason' AS reason, j.v #>> '{involvedObject,kind}' AS object_kind, j.v #>> '{involvedObject,name}' AS object,
	j.v ->> 'message' AS message, coalesce((j.v ->> 'count')::int, (j.v #>> '{series,count}')::int, 1) AS count,
	coalesce(nullif(j.v #>> '{source,component}', ''), j.v ->> 'reportingComponent') AS source, j.v #>> '{source,host}' AS node,
	date_trunc('second', now() - coalesce(j.v ->> 'firstTimestamp', j.v ->> 'eventTime', j.v #>> '{metadata,creationTimestamp}')::timestamptz) AS age, o.revision
FROM objects AS o CROSS JOIN LATERAL (SELECT o.value::jsonb AS v OFFSET 0) AS j WHERE o.resource = 'events';
