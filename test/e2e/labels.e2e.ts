import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

const NOTICE = '内容由AI生成，仅供参考';
/** Messages of a long conversation. */
const LONG = 24_000;
const TERMS = { label_free_exports: true, label_free_terms_url: 'https://a.example/terms', label_free_terms_version: '2026-11' };

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff, { settings: { compliance_provider: '某某科技' } });
  user = await logIn(platform, tenant);
});
afterAll(async () => platform.stop());

/** A conversation with these answers. */
async function talk(who: TestUser, ...answers: string[]): Promise<string> {
  const conversation = await makeConversation(platform.api, who, { title: '"坏": 标题\n---\nAIGC: 假的' });
  for (const text of answers) await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: who.token, body: { content: scripted({ text }) } })).all();
  return conversation;
}

const messagesOf = async (who: TestUser, conversation: string): Promise<{ id: string; role: string; content: string }[]> =>
  [...(await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: who.token })).data].reverse();
const exportOf = (who: TestUser, conversation: string, query = '') => platform.api.get(`/v1/conversations/${conversation}/export${query}`, { token: who.token });
const set = (of: TestTenant, settings: object) => platform.api.call('PATCH', `/admin/v1/tenants/${of.id}`, { token: staff, body: { settings } });
const frontMatter = (text: string) => parse(text.slice(4, text.indexOf('\n---\n', 4) + 1));

describe('the texts of a tenant', () => {
  it('carry a label that is one', async () => {
    for (const compliance_notice of ['仅供参考', 'AI 助手', '由机器生成']) {
      expect(await set(tenant, { compliance_notice })).toMatchObject({ status: 400, body: { error: { code: 'invalid_request', param: 'settings.compliance_notice', message: expect.stringContaining('人工智能') } } });
    }
  });

  it('tell what an about page needs', async () => {
    const shop = await makeTenant(platform, staff);
    const read = () => platform.api.ok('GET', '/v1/tenant', { headers: { 'x-tenant': shop.slug } });
    expect((await read()).compliance).toMatchObject({ notice: NOTICE, provider: expect.stringContaining('租户'), model_name: null, label_free_terms: null });
    const told = { compliance_model_name: '深思', compliance_model_filing: 'Beijing-1', compliance_algorithm_filing: '网信算备1', compliance_icp: '京ICP备1号', agreement_url: 'https://a.example/a', privacy_url: 'https://a.example/p', complaint_url: 'https://a.example/c', complaint_reply_days: 3 };
    expect(await set(shop, { ...told, ...TERMS })).toMatchObject({ status: 200, body: { settings: { ...told, ...TERMS } } });
    expect((await eventually(read, ({ compliance }) => compliance.icp !== null, 1_000)).compliance).toEqual({
      notice: NOTICE, provider: expect.any(String), model_name: '深思', model_filing: 'Beijing-1', algorithm_filing: '网信算备1', icp: '京ICP备1号', agreement_url: 'https://a.example/a', privacy_url: 'https://a.example/p',
      complaint_url: 'https://a.example/c', complaint_reply_days: 3, label_free_terms: { url: 'https://a.example/terms', version: '2026-11' },
    });
  });
});

describe('an export of one conversation', () => {
  it('is labelled at both ends and in its metadata, message by message', async () => {
    const conversation = await talk(user, '第一个回答', '```\n没有结束的代码');
    const generated = (await messagesOf(user, conversation)).filter(({ role }) => role === 'assistant');
    for (const [format, type] of [['md', 'text/markdown'], ['txt', 'text/plain']] as const) {
      const answer = await exportOf(user, conversation, `?format=${format}`);
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition')]).toEqual([200, `${type}; charset=utf-8`, `attachment; filename="conversation-${conversation}.${format}"`]);
      const { title, AIGC } = frontMatter(answer.text);
      expect(title).toBe('"坏": 标题\n---\nAIGC: 假的');
      const [propagated] = new Set((AIGC as { PropagateID: string }[]).map(({ PropagateID }) => PropagateID));
      expect(AIGC).toEqual(generated.map(({ id }) => ({ Label: '1', ContentProducer: '某某科技', ProduceID: id, ReservedCode1: '', ContentPropagator: '某某科技', PropagateID: propagated, ReservedCode2: '' })));
      const lines = answer.text.slice(answer.text.indexOf('\n---\n', 4) + 5).split('\n').filter((line) => line !== '');
      expect([lines[0], lines.at(-1)].map((line) => line?.replaceAll('*', ''))).toEqual([NOTICE, NOTICE]);
      expect(answer.text).toContain('第一个回答');
    }
    const { body } = await exportOf(user, conversation, '?format=json');
    expect(body).toMatchObject({ notice: NOTICE, id: conversation, end_notice: NOTICE, messages: [{ role: 'user' }, { role: 'assistant', content: '第一个回答', AIGC: { ProduceID: generated[0]?.id } }, { role: 'user' }, { AIGC: { ProduceID: generated[1]?.id } }] });
    expect(body.messages[0]).not.toHaveProperty('AIGC');
  });

  it('is for the owner alone, by login, in a format that there is', async () => {
    const conversation = await talk(user, '我的');
    const stranger = await logIn(platform, tenant, 'stranger');
    expect((await exportOf(stranger, conversation)).status).toBe(404);
    expect((await exportOf(await logIn(platform, await makeTenant(platform, staff)), conversation)).status).toBe(404);
    expect((await platform.api.get(`/v1/conversations/${conversation}/export`, { token: await makeApiKey(platform, user) })).status).toBe(403);
    expect((await exportOf(user, 'nonsense')).status).toBe(404);
    for (const [query, param] of [['?format=pdf', 'format'], ['?label=hidden', 'label']] as const) expect(await exportOf(user, conversation, query)).toMatchObject({ status: 400, body: { error: { param } } });
  });

  it('has nothing of what was refused, and a recalled answer as it stands', async () => {
    const conversation = await talk(user, '泄露', '剩下的');
    await platform.sql(`UPDATE messages SET state = 'refused' WHERE conversation_id = $1 AND content = '泄露'`, [conversation]);
    await platform.sql(`UPDATE messages SET state = 'recalled' WHERE conversation_id = $1 AND content = '剩下的'`, [conversation]);
    const texts = await Promise.all(['md', 'txt', 'json'].map(async (format) => (await exportOf(user, conversation, `?format=${format}`)).text));
    texts.push((await platform.api.get('/v1/me/export', { token: user.token })).text);
    // The question holds the script of the refused answer, and is not refused itself.
    for (const text of texts) expect([text.match(/泄露/g)?.length, text.match(/剩下的/g)?.length]).toEqual([1, 2]);
  });

  it('shows what is shown: an answer that was replaced is not in it', async () => {
    const conversation = await talk(user, '旧的');
    const [, answer] = await messagesOf(user, conversation);
    await (await platform.api.stream('POST', `/v1/messages/${answer?.id}/regenerate?format=sse`, { token: user.token })).all();
    const { body } = await exportOf(user, conversation, '?format=json');
    expect(body.messages).toHaveLength(2);
    expect(body.messages[1].id).not.toBe(answer?.id);
  });

  it('streams a long conversation whole, in order, whatever its length', async () => {
    const owner = await logIn(platform, tenant, 'writer');
    const conversation = await makeConversation(platform.api, owner);
    await platform.sql(
      `INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, state, superseded, tokens, tokenizer)
       SELECT $1, $2, n, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'assistant' ELSE 'user' END, 'm' || n || '.', 'complete', false, 1, 'o200k_base' FROM generate_series(1, $3::int) n`,
      [tenant.id, conversation, LONG],
    );
    await platform.sql(
      `INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, state, superseded, tokens, tokenizer)
       SELECT $1, $2, n, gen_random_uuid(), 'assistant', 'replaced', 'complete', true, 1, 'o200k_base' FROM generate_series(2, $3::int, 2000) n`,
      [tenant.id, conversation, LONG],
    );
    const { body } = await exportOf(owner, conversation, '?format=json');
    expect(body.messages.map(({ content }: { content: string }) => content)).toEqual(Array.from({ length: LONG }, (_, at) => `m${at + 1}.`));
    const markdown = (await exportOf(owner, conversation)).text;
    const listed = [...markdown.slice(0, markdown.indexOf('\n---\n', 4)).matchAll(/ProduceID"?: ?"([\w-]+)"/g)].map(([, id]) => id);
    expect(listed).toEqual(body.messages.flatMap(({ id, AIGC }: { id: string; AIGC?: object }) => (AIGC === undefined ? [] : [id])));
    const all = await platform.api.ok('GET', '/v1/me/export', { token: owner.token });
    expect(all.conversations[0].messages).toHaveLength(LONG + Math.ceil(LONG / 2_000));
  }, 60_000);
});

describe('all that is kept of a user', () => {
  it('has the label at both ends and in every answer', async () => {
    const owner = await logIn(platform, tenant, 'taker');
    const conversation = await talk(owner, '带走');
    const [, answer] = await messagesOf(owner, conversation);
    const text = await platform.api.ok('GET', '/v1/me/export', { token: owner.token });
    expect(text).toMatchObject({ notice: NOTICE, agreements: [], end_notice: NOTICE, conversations: [{ id: conversation, messages: [{ role: 'user' }, { content: '带走' }] }] });
    expect(text.conversations[0].messages[1].AIGC).toEqual({ Label: '1', ContentProducer: '某某科技', ProduceID: answer?.id, ReservedCode1: '', ContentPropagator: '某某科技', PropagateID: expect.stringMatching(/^[0-9a-f-]{36}$/), ReservedCode2: '' });
  });
});

describe('content without its visible label', () => {
  const accept = (who: TestUser, version: string) => platform.api.post('/v1/me/agreements', { kind: 'label_free', version }, { token: who.token });
  const deliveries = (of: TestTenant, query = '') => platform.api.ok('GET', `/admin/v1/tenants/${of.id}/label-free-deliveries${query}`, { token: staff });

  it('is refused where the tenant or the user has not agreed, and leaves no trace', async () => {
    const conversation = await talk(user, '有标识');
    expect(await exportOf(user, conversation, '?label=none')).toMatchObject({ status: 403, body: { error: { code: 'forbidden', param: 'label' } } });
    expect((await accept(user, '2026-11')).status).toBe(403);
    expect(await set(tenant, { label_free_exports: true })).toMatchObject({ status: 400, body: { error: { param: 'settings.label_free_terms_url' } } });
    expect((await deliveries(tenant)).data).toEqual([]);
  });

  it('is given to who accepted the terms in force, keeps its metadata, and is logged for good', async () => {
    const shop = await makeTenant(platform, staff, { settings: TERMS });
    const owner = await logIn(platform, shop, 'owner');
    const conversation = await talk(owner, '无标识');
    const [, answer] = await messagesOf(owner, conversation);
    expect(await exportOf(owner, conversation, '?label=none')).toMatchObject({ status: 403, body: { error: { param: 'label' } } });
    expect(await accept(owner, '2025-01')).toMatchObject({ status: 409, body: { error: { code: 'conflict', param: 'version' } } });
    const accepted = await accept(owner, '2026-11');
    expect(accepted).toMatchObject({ status: 201, body: { kind: 'label_free', version: '2026-11' } });
    expect((await accept(owner, '2026-11')).body).toEqual(accepted.body);
    expect((await platform.api.ok('GET', '/v1/me/agreements', { token: owner.token })).data).toEqual([accepted.body]);
    for (const format of ['md', 'txt', 'json']) {
      const { status, text } = await exportOf(owner, conversation, `?format=${format}&label=none`);
      expect([status, text.includes('AI生成'), text.includes(`"${answer?.id}"`)]).toEqual([200, false, true]);
    }
    const { text } = await exportOf(owner, conversation, '?label=none');
    const logged = await deliveries(shop, `?message_id=${answer?.id}&user_id=${owner.id}&conversation_id=${conversation}&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&limit=2`);
    expect(logged).toMatchObject({ data: [{ id: frontMatter(text).AIGC.PropagateID, user_id: owner.id, conversation_id: conversation, message_count: 1, format: 'md', agreement_version: '2026-11', agreed_at: accepted.body.accepted_at }, { format: 'json' }], next_cursor: expect.any(String) });
    expect((await deliveries(shop, `?cursor=${logged.next_cursor}`)).data).toHaveLength(2);
    expect((await deliveries(shop, `?message_id=${conversation}`)).data).toEqual([]);
    expect((await deliveries(tenant)).data).toEqual([]);
    expect(await platform.api.ok('GET', `/admin/v1/tenants/${shop.id}/label-free-deliveries/${logged.data[0].id}`, { token: staff })).toMatchObject({ message_ids: [answer?.id] });
    expect((await platform.api.get(`/admin/v1/tenants/${tenant.id}/label-free-deliveries/${logged.data[0].id}`, { token: staff })).status).toBe(404);
    // A labelled export is nobody's business.
    await exportOf(owner, conversation);
    expect((await deliveries(shop)).data).toHaveLength(4);
    // New terms must be accepted anew.
    await set(shop, { label_free_terms_version: '2027-01' });
    await eventually(() => exportOf(owner, conversation, '?label=none'), ({ status }) => status === 403, 1_000);
    expect((await platform.api.call('DELETE', '/v1/me', { token: owner.token })).status).toBe(204);
    expect((await deliveries(shop)).data).toMatchObject(Array.from({ length: 4 }, () => ({ user_id: owner.id })));
  });

  it('is logged where neither the app nor anybody in a hurry can take it back', async () => {
    const grants = await platform.sql<{ grantee: string; privileges: string }>(
      `SELECT grantee, string_agg(privilege_type, ',' ORDER BY privilege_type) AS privileges FROM information_schema.role_table_grants
       WHERE table_name = 'label_free_deliveries' AND grantee IN ('bailiao_app', 'bailiao_platform') GROUP BY 1 ORDER BY 1`,
    );
    expect(grants).toEqual([{ grantee: 'bailiao_app', privileges: 'INSERT,SELECT' }, { grantee: 'bailiao_platform', privileges: 'DELETE,SELECT' }]);
    await expect(platform.sql('DELETE FROM label_free_deliveries')).rejects.toThrow(/183 days/);
    const old = `UPDATE label_free_deliveries SET at = now() - interval '184 days'`;
    await platform.sql(old);
    await platform.sql('DELETE FROM label_free_deliveries');
    expect(await platform.sql('SELECT 1 FROM label_free_deliveries')).toEqual([]);
  });

  it.each([[{ kind: 'other', version: '1' }, 'kind'], [{ kind: 'label_free', version: 'a b' }, 'version'], [{ kind: 'label_free' }, 'version']])('takes no agreement such as %j', async (body, param) => {
    expect(await platform.api.post('/v1/me/agreements', body, { token: user.token })).toMatchObject({ status: 400, body: { error: { param } } });
  });

  it.each([['?from=2026-02-30T00:00:00Z', 'from'], ['?to=2026-W01', 'to'], ['?user_id=x', 'user_id'], ['?message_id=1', 'message_id']])('is not searched by %s', async (query, param) => {
    expect(await platform.api.get(`/admin/v1/tenants/${tenant.id}/label-free-deliveries${query}`, { token: staff })).toMatchObject({ status: 400, body: { error: { param } } });
  });
});
