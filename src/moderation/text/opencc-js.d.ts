/** The package's own declarations import each other without extensions, which Node's resolution does not allow. */
declare module 'opencc-js/t2cn' {
  /** Converts traditional characters to simplified ones. */
  export function Converter(options: { readonly from: 't' | 'tw' | 'hk'; readonly to: 'cn' }): (text: string) => string;
}

declare module 'opencc-js/cn2t' {
  /** Converts simplified characters to traditional ones. */
  export function Converter(options: { readonly from: 'cn'; readonly to: 't' | 'tw' | 'hk' }): (text: string) => string;
}
