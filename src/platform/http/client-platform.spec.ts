import { describe, expect, it } from 'vitest';
import { platformOf } from './client-platform.js';

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN';
const IPAD = 'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; 23013RK75C Build/UKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.49.2600';

describe('platformOf', () => {
  it.each([
    [{ 'x-client-platform': 'ios' }, 'ios'], [{ 'x-client-platform': ' iOS ' }, 'ios'], [{ 'x-client-platform': 'android', 'user-agent': IPHONE }, 'android'], [{ 'x-client-platform': 'devtools', 'user-agent': IPHONE }, 'other'],
    [{ 'user-agent': IPHONE }, 'ios'], [{ 'user-agent': IPAD }, 'ios'], [{ 'user-agent': ANDROID }, 'android'], [{ 'user-agent': 'OpenAI/Python 1.0' }, 'other'], [{}, 'other'],
  ])('%j is %s', (headers, platform) => expect(platformOf({ headers })).toBe(platform));
});
