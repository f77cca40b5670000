import { afterAll, beforeAll, expect, test } from 'bun:test';
import { podKind } from '#api/kinds/core/pod.ts';
import { secretKind } from '#api/kinds/core/secret.ts';
import { roleBindingKind } from '#api/kinds/rbac/rolebinding.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ defaultRoles: true });
});
afterAll(() => api.stop());

const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
type Json = Record<string, unknown>;
type Headers = Readonly<Record<string, string>>;

/** Code and what was answered. */
async function ask(method: string, path: string, body?: unknown, headers?: Headers): Promise<[number, Json]> {
  const response = await api.call(method, path, body, headers);
  return [response.status, (await response.json()) as Json];
}
const post = (path: string, body: Json, headers?: Headers) => ask('POST', path, body, headers);
const messageOf = ([code, { message }]: [number, Json]): string => `${code} ${String(message)}`;
/** Who the headers make the asker, to the server. */
async function whoAmI(headers: Headers): Promise<unknown> {
  const kind = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const [code, { status, message }] = await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', kind, headers);
  return code === 201 ? (status as Json)['userInfo'] : message;
}
const review = async (token: string, audiences?: readonly string[]): Promise<Json> => {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } };
  return (await post('/apis/authentication.k8s.io/v1/tokenreviews', body))[1]['status'] as Json;
};
async function tokenFor(spec: Json): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const [code, answer] = await post('/api/v1/namespaces/default/serviceaccounts/default/token', body);
  return code === 201 ? String((answer['status'] as Json)['token']) : messageOf([code, answer]);
}
const give = (name: string, role: string, user: string) =>
  post(`${RBAC}/rolebindings`, {
    metadata: { name },
    roleRef: { kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'User', name: user }],
  });

test('all that is impersonated is what the server sees', async () => {
  expect(
    await whoAmI({
      'impersonate-user': 'jane',
      'impersonate-group': 'dev, ops',
      'impersonate-uid': 'u1',
      'impersonate-extra-acme.io%2fscopes': 'a, b',
    }),
  ).toEqual({
    username: 'jane',
    uid: 'u1',
    groups: ['dev', 'ops', 'system:authenticated'],
    extra: { 'acme.io/scopes': ['a', 'b'] },
  });
  expect(await whoAmI({ 'impersonate-user': 'system:serviceaccount:default:bot' })).toEqual({
    username: 'system:serviceaccount:default:bot',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
  });
  expect(await whoAmI({ 'impersonate-group': 'dev' })).toBe('requested groups without impersonating a user');
});

test('each thing that is impersonated takes a right of its own', async () => {
  const token = await tokenFor({});
  const as = (headers: Headers) => whoAmI({ authorization: `Bearer ${token}`, ...headers });
  const who = 'User "system:serviceaccount:default:default" cannot impersonate resource';
  expect(await as({ 'impersonate-user': 'jane' })).toBe(
    `users "jane" is forbidden: ${who} "users" in API group "" at the cluster scope`,
  );
  await post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'impersonator' },
    rules: [{ verbs: ['impersonate'], apiGroups: [''], resources: ['users'] }],
  });
  await post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'impersonator' },
    roleRef: { kind: 'ClusterRole', name: 'impersonator' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  });
  expect(await as({ 'impersonate-user': 'jane' })).toMatchObject({ username: 'jane' });
  expect(await as({ 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' })).toBe(
    `groups "system:masters" is forbidden: ${who} "groups" in API group "" at the cluster scope`,
  );
  expect(await as({ 'impersonate-user': 'jane', 'impersonate-extra-scopes': 'a' })).toBe(
    `userextras.authentication.k8s.io "a" is forbidden: ${who} "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope`,
  );
  expect(await as({ 'impersonate-user': 'system:serviceaccount:default:bot' })).toBe(
    `serviceaccounts "bot" is forbidden: ${who} "serviceaccounts" in API group "" in the namespace "default"`,
  );
});

test('a list of one name by field selector takes the right to that name', async () => {
  const jane = { 'impersonate-user': 'named' };
  await post(`${RBAC}/roles`, {
    metadata: { name: 'named' },
    rules: [{ verbs: ['list', 'watch'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'] }],
  });
  await post(`${RBAC}/rolebindings`, {
    metadata: { name: 'named' },
    roleRef: { kind: 'Role', name: 'named' },
    subjects: [{ kind: 'User', name: 'named' }],
  });
  const list = (query: string) => ask('GET', `/api/v1/namespaces/default/configmaps${query}`, undefined, jane);
  expect((await list('?fieldSelector=metadata.name%3Done'))[0]).toBe(200);
  expect(messageOf(await list('?fieldSelector=metadata.name%3Dtwo'))).toBe(
    '403 configmaps "two" is forbidden: User "named" cannot list resource "configmaps" in API group "" in the namespace "default"',
  );
  expect((await list('?fieldSelector=metadata.name%21%3Dtwo'))[0]).toBe(403);
  expect((await list(''))[0]).toBe(403);
});

test('a refusal names the roles that are not there', async () => {
  await give('lost', 'nowhere', 'lost');
  expect(
    messageOf(await ask('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-user': 'lost' })),
  ).toBe(
    '403 pods is forbidden: User "lost" cannot list resource "pods" in API group "" in the namespace "default": RBAC: clusterrole.rbac.authorization.k8s.io "nowhere" not found',
  );
});

test('nobody grants over HTTP what he does not hold', async () => {
  await post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'role-writer' },
    rules: [{ verbs: ['*'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'] }],
  });
  await post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'secret-reader' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }],
  });
  const binding = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'secret-reader' };
  await give('writers', 'role-writer', 'writer');
  // The verb * holds escalate and bind for what is in the namespace, not for ClusterRoles.
  const body = { metadata: { name: 'mine' }, roleRef: binding, subjects: [{ kind: 'User', name: 'writer' }] };
  expect(messageOf(await post(`${RBAC}/rolebindings`, body, { 'impersonate-user': 'writer' }))).toBe(
    `403 rolebindings.rbac.authorization.k8s.io "mine" is forbidden: user "writer" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`,
  );
  expect(api.client.get(roleBindingKind, 'default', 'mine')).toBeUndefined();
});

test('a token is good for its audiences', async () => {
  const vault = await tokenFor({ audiences: ['vault', 'other'] });
  expect(await review(vault, ['vault', 'x'])).toMatchObject({ authenticated: true, audiences: ['vault'] });
  expect(await review(vault)).toEqual({
    error:
      '[invalid bearer token, token audiences ["vault" "other"] is invalid for the target audiences ["https://kubernetes.default.svc" "https://kubernetes.default.svc.cluster.local"]]',
    user: {},
  });
  expect((await api.call('GET', '/api', undefined, { authorization: `Bearer ${vault}` })).status).toBe(401);
  expect(await review(await tokenFor({}))).toMatchObject({
    authenticated: true,
    audiences: ['https://kubernetes.default.svc'],
  });
});

test('a token ends with the object that it is bound to', async () => {
  const secret = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'bound', namespace: 'default' } } as const;
  const made = await api.client.create(secretKind, secret);
  const bound = { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bound' } };
  const token = await tokenFor(bound);
  expect(await review(token)).toMatchObject({ authenticated: true });
  await api.client.delete(secretKind, 'default', 'bound');
  expect(await review(token)).toEqual({
    user: {},
    error: '[invalid bearer token, service account token has been invalidated]',
  });
  const again = await api.client.create(secretKind, secret);
  expect((await review(token))['error']).toBe(
    `[invalid bearer token, secret UID (${again.metadata.uid}) does not match service account secret ref claim (${made.metadata.uid})]`,
  );
  expect(await tokenFor({ boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } })).toBe(
    '400 cannot bind token to object of type /v1, Kind=ConfigMap',
  );
});

test('a pod’s token tells of the pod', async () => {
  const pod = await api.client.create(podKind, {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'default' },
    spec: { serviceAccountName: 'default', containers: [{ name: 'c', image: 'i' }] },
  });
  const token = await tokenFor({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } });
  expect(await whoAmI({ authorization: `Bearer ${token}` })).toMatchObject({
    username: 'system:serviceaccount:default:default',
    extra: {
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': [pod.metadata.uid ?? ''],
    },
  });
});

test('a browser’s WebSocket brings its token as a subprotocol', async () => {
  const token = Buffer.from(await tokenFor({})).toString('base64url');
  const headers = {
    authorization: '',
    upgrade: 'websocket',
    'sec-websocket-protocol': `v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.${token}`,
  };
  expect(await whoAmI(headers)).toMatchObject({ username: 'system:serviceaccount:default:default' });
});
