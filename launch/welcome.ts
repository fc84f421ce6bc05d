import { DEMO_SLUG } from './demo-tenant.js';

export interface WelcomeFacts {
  /** As a browser on this machine reaches it. */
  readonly url: string;
  readonly dataDir: string;
  /** Whether the demo tenant and its simulated WeChat are there. */
  readonly demo: boolean;
  /** Which parts are simulators. */
  readonly simulated: readonly ('OpenAI' | 'WeChat' | 'WeChat Pay')[];
  /** Where a person plays the payer; undefined with a real WeChat Pay. */
  readonly payUrl?: string | undefined;
  /** Only when it must be shown now. */
  readonly admin: { readonly email: string; readonly password: string; readonly shown: () => void } | undefined;
}

/** What a start ends with: addresses, the one-time password, and lines to paste. */
export function welcomeText(facts: WelcomeFacts): string[] {
  const { url } = facts;
  const lines = [
    '',
    `百聊已就绪 · Bailiao is ready`,
    '',
    `  试用页 page      ${url}/`,
    `  接口文档 docs    ${url}/docs`,
    `  指标 metrics     ${url}/metrics`,
    `  数据 data        ${facts.dataDir}`,
  ];
  if (facts.demo) lines.push(`  演示租户 tenant  ${DEMO_SLUG}（请求头 header X-Tenant: ${DEMO_SLUG}）`);
  if (facts.simulated.length > 0) {
    lines.push(`  模拟器 simulated ${facts.simulated.join('、')}：不是真实服务 · not the real services`);
  }
  if (facts.payUrl !== undefined) lines.push(`  模拟付款 pay     ${facts.payUrl}/ （不会扣真钱 · no real money）`);
  if (facts.admin) {
    lines.push(
      '',
      '平台管理员（密码仅显示这一次，请立即保存）· platform admin (the password is shown only this once, keep it now)',
      `  邮箱 email       ${facts.admin.email}`,
      `  密码 password    ${facts.admin.password}`,
      '  想自定密码：首次启动前设置 BOOTSTRAP_ADMIN_EMAIL、BOOTSTRAP_ADMIN_PASSWORD · to choose your own, set these two before the first start',
    );
  }
  if (facts.demo) lines.push('', '粘贴到另一个终端试试（登录、建会话、看回答流出）· paste into another terminal (log in, open a conversation, watch the answer stream)', '', ...curlLines(url));
  lines.push('', '按 Ctrl-C 停止 · Ctrl-C stops everything', '');
  return lines;
}

/** Three lines that work as they stand in a POSIX shell with curl, grep and cut. */
export function curlLines(url: string): [string, string, string] {
  const json = `-H 'Content-Type: application/json'`;
  const tenant = `-H 'X-Tenant: ${DEMO_SLUG}'`;
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  return [
    `CODE=$(curl -s ${tenant} '${url}/tryout/code' | ${pick('code')}); TOKEN=$(curl -s ${tenant} ${json} -d "{\\"code\\":\\"$CODE\\"}" '${url}/v1/auth/wechat' | ${pick('access_token')})`,
    `CHAT=$(curl -s ${bearer} ${json} -d '{}' '${url}/v1/conversations' | ${pick('id')})`,
    `curl -sN ${bearer} ${json} -d '{"content":"你好，请用一句话介绍你自己"}' "${url}/v1/conversations/$CHAT/messages?format=sse"`,
  ];
}

/** The first value of that name, whatever else the answer holds. */
function pick(name: string): string {
  return `grep -o '"${name}":"[^"]*"' | head -n 1 | cut -d '"' -f 4`;
}
