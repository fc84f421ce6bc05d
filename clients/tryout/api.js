// The platform's API as this page uses it: demo login, tokens kept and renewed, errors as the one error body.
const store = {
  get: (key) => JSON.parse(localStorage.getItem(`bailiao.${key}`) ?? 'null'),
  set: (key, value) => localStorage.setItem(`bailiao.${key}`, JSON.stringify(value)),
  drop: (key) => localStorage.removeItem(`bailiao.${key}`),
};

/** An error that the platform answered, or `offline`. */
export class ApiError extends Error {
  constructor(status, error) {
    super(error?.message ?? '网络不可用，请稍后再试');
    this.status = status;
    this.code = error?.code ?? 'offline';
  }
}

let user = store.get('user') ?? 'xiaoming';
let session = store.get(`session.${user}`);
let tenant = store.get('tenant') ?? 'demo';

export const currentUser = () => user;

export function switchUser(name) {
  user = name;
  store.set('user', name);
  session = store.get(`session.${name}`);
}

async function send(method, path, body, headers = {}) {
  const response = await fetch(path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0);
  });
  if (response.ok) return response;
  const answer = await response.json().catch(() => undefined);
  throw new ApiError(response.status, answer?.error);
}

async function logIn() {
  const { code, tenant: slug } = await (await send('GET', `/tryout/code?user=${user}`)).json();
  tenant = slug;
  store.set('tenant', slug);
  keep(await (await send('POST', '/v1/auth/wechat', { code }, { 'x-tenant': slug })).json());
}

function keep(answer) {
  session = { access: answer.access_token, refresh: answer.refresh_token };
  store.set(`session.${user}`, session);
}

/** Renews the login by its refresh token; where that is spent, by a new demo login. One at a time. */
let renewing;
function renew() {
  renewing ??= (async () => {
    const refresh = session?.refresh;
    session = undefined;
    try {
      if (refresh === undefined) await logIn();
      else keep(await (await send('POST', '/v1/auth/refresh', { refresh_token: refresh })).json());
    } catch (error) {
      if (error.status !== 401) throw error;
      store.drop(`session.${user}`);
      await logIn();
    }
  })().finally(() => { renewing = undefined; });
  return renewing;
}

/** A call as the demo user; logs in first, and again when the login has expired. */
export async function call(method, path, body, headers) {
  if (!session) await renew();
  const bearer = () => ({ ...headers, authorization: `Bearer ${session.access}` });
  try {
    return await send(method, path, body, bearer());
  } catch (error) {
    if (error.status !== 401) throw error;
    await renew();
    return send(method, path, body, bearer());
  }
}

export const json = async (method, path, body) => {
  const response = await call(method, path, body);
  return response.status === 204 ? undefined : response.json();
};

export const branding = async () => (await send('GET', '/v1/tenant', undefined, { 'x-tenant': tenant })).json();
