// An OpenID provider with Entra ID's paths, for the tests of signing in. It prints the port that it listens at and
// ends when its standard input does, so that it never outlives the tests.
//
// environment: CERTIFICATE (PEM of the clients that sign); optional: SECRETS (file that every secret is appended to),
// REMOVE (folder that is removed at the end)
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Provider, errors } from 'oidc-provider';

const tenant = 'contoso.onmicrosoft.com';
const graph = 'https://graph.microsoft.com';
const scopes = `${graph}/.default User.Read Mail.Read`;
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const secretFields = ['client_secret', 'client_assertion', 'assertion', 'refresh_token', 'code', 'code_verifier', 'device_code', 'access_token', 'id_token'];

// The Base URLs have the port, which is known once the server listens.
const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(base, configuration());
provider.proxy = true; // MSAL speaks to https://login.microsoftonline.com only, and is brought here
onBehalfOf();

const log = [];
provider.use(async (ctx, next) => {
  await next();
  if (ctx.method !== 'POST' || !/\/(token|devicecode)$/.test(ctx.path)) return;
  const fields = { ...(ctx.oidc?.body ?? {}) };
  log.push({ path: ctx.path, headers: ctx.req.headers, fields, status: ctx.status });
  keepSecrets(fields);
  keepSecrets(ctx.body);
});

const callback = provider.callback();
server.on('request', (request, response) => {
  const url = new URL(request.url, base);
  if (url.pathname === '/test/log') return response.end(JSON.stringify(log));
  if (url.pathname === `/${tenant}/v2.0/.well-known/openid-configuration`) request.url = '/.well-known/openid-configuration';
  if (url.pathname.startsWith('/interaction/')) return interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
  callback(request, response);
});
process.stdin.resume().on('end', () => {
  if (process.env.REMOVE) rmSync(process.env.REMOVE, { recursive: true, force: true });
  process.exit(0);
});
console.log(server.address().port);

function configuration() {
  const jwk = { ...createPublicKey(readFileSync(process.env.CERTIFICATE)).export({ format: 'jwk' }), use: 'sig' };
  const endpoint = (name) => `/${tenant}/oauth2/v2.0/${name}`;
  const daemon = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const user = { application_type: 'native', redirect_uris: ['http://127.0.0.1/cb', 'http://localhost'], response_types: ['code'] };
  const native = { ...user, token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] };
  const secret = (client_secret) => ({ client_secret, token_endpoint_auth_method: 'client_secret_post' });
  const signed = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } };
  return {
    clients: [
      { client_id: 'daemon-secret', ...daemon, ...secret('d4emon~secret+value') },
      { client_id: 'daemon-certificate', ...daemon, ...signed },
      { client_id: 'native', ...native },
      { client_id: 'hasty', ...native },
      { client_id: 'web', ...user, ...secret('w3b~secret=value'), grant_types: ['authorization_code', 'refresh_token'] },
      { client_id: 'middle-tier', ...daemon, ...secret('m1ddle~secret&value'), grant_types: [jwtBearer] },
    ],
    routes: { authorization: endpoint('authorize'), token: endpoint('token'), device_authorization: endpoint('devicecode'), code_verification: endpoint('deviceauth'), jwks: `/${tenant}/discovery/v2.0/keys` },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    clientAuthMethods: ['client_secret_post', 'private_key_jwt', 'none'],
    pkce: { required: () => true },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => graph,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: scopes, audience: graph, accessTokenTTL: 3600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
    issueRefreshToken: (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, ClientCredentials: 3600, DeviceCode: (ctx, code, client) => (client.clientId === 'hasty' ? 1 : 600), Grant: 3600, Interaction: 600, Session: 3600, IdToken: 3600, RefreshToken: 3600 },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@contoso.com` }) }),
    extraTokenClaims: (ctx, token) => ({ tid: tenant, ...(token.kind === 'ClientCredentials' ? { idtyp: 'app', roles: ['User.Read.All'] } : { idtyp: 'user', scp: token.scope, upn: `${token.accountId}@contoso.com` }) }),
  };
}

// A user who signs in and consents at once, unless the request is one for a user who declines.
async function interact(request, response) {
  const { prompt, params, grantId } = await provider.interactionDetails(request, response);
  if (params.login_hint === 'declines@contoso.com') return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'AADSTS65004: User declined to consent.' });
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId: 'adele' } });
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: 'adele', clientId: params.client_id });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addResourceScope(graph, scopes);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

// The grant that the package does not have: client authentication and tokens are its own.
function onBehalfOf() {
  const keys = createRemoteJWKSet(new URL(`${base}/${tenant}/discovery/v2.0/keys`));
  provider.registerGrantType(jwtBearer, async (ctx) => {
    const { assertion, requested_token_use: use, scope } = ctx.oidc.params;
    if (use !== 'on_behalf_of') throw new errors.InvalidRequest('requested_token_use must be on_behalf_of');
    const verified = await jwtVerify(assertion, keys, { issuer: base, audience: graph }).catch((error) => {
      throw new errors.InvalidGrant(`AADSTS50013: ${error.message}`);
    });
    const { client } = ctx.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: verified.payload.sub });
    grant.addResourceScope(graph, scope);
    await grant.save();
    const token = new provider.AccessToken({ accountId: verified.payload.sub, client, grantId: grant.jti, gty: 'on_behalf_of', scope, expiresWithSession: false });
    token.resourceServer = new provider.ResourceServer(graph, { scope, audience: graph, accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'RS256' } } });
    ctx.body = { access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope };
  }, ['assertion', 'requested_token_use', 'scope', 'resource']);
}

function keepSecrets(fields) {
  if (!process.env.SECRETS || !fields || typeof fields !== 'object') return;
  const secrets = secretFields.map((name) => fields[name]).filter((value) => typeof value === 'string');
  if (secrets.length) appendFileSync(process.env.SECRETS, `${secrets.join('\n')}\n`);
}
