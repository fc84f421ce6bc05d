/** At most `points` in `seconds`, per key. */
export interface Limit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
  /** What of a request is counted, for who is refused; the request itself unless told. */
  readonly param?: string;
}

// Carriers put thousands of phones behind one address: limits per address stop floods, they do not ration people.
export const LOGIN_LIMIT: Limit = { name: 'login', points: 300, seconds: 60 };
export const REFRESH_LIMIT: Limit = { name: 'refresh', points: 1_200, seconds: 60 };
/** Look-ups of API keys that this process has not seen lately. */
export const KEY_LOOKUP_LIMIT: Limit = { name: 'key-lookup', points: 300, seconds: 60 };
export const STAFF_ADDRESS_LIMIT: Limit = { name: 'staff-login-address', points: 30, seconds: 60 };
export const STAFF_EMAIL_LIMIT: Limit = { name: 'staff-login-email', points: 10, seconds: 300 };

/** One key for an address: an IPv4 address as it is, also where it is written as IPv6; of IPv6 the /64 that one customer has. */
export function addressKey(ip: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(ip)?.[1];
  if (mapped !== undefined || !ip.includes(':')) return mapped ?? ip;
  const [head = '', tail] = ip.split('%')[0]?.toLowerCase().split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = tail === undefined ? front : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::`;
}
