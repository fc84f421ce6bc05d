/** Ways to write the digits, each by its value. Circled, superscript and full-width ones become ASCII by NFKD. */
const WRITTEN = ['0〇零', '1一壹弌', '2二贰弍', '3三叁弎', '4四肆', '5五伍', '6六陆', '7七柒', '8八捌', '9九玖'];

const VALUES: ReadonlyMap<number, number> = new Map(WRITTEN.flatMap((forms, value) => [...forms].map((form) => [form.codePointAt(0) ?? 0, value] as const)));

/** 0 to 9 for a digit, ASCII or Han; -1 for anything else. */
export function numeralValue(codePoint: number): number {
  if (codePoint < 0x80) return codePoint >= 0x30 && codePoint <= 0x39 ? codePoint - 0x30 : -1;
  return VALUES.get(codePoint) ?? -1;
}
