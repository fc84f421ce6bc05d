/** A subscribe message that reached a user, among their 服务通知. */
export interface DeliveredMessage {
  readonly at: string;
  readonly msgid: number;
  readonly template: string;
  /** The values of the template's fields. */
  readonly data: Readonly<Record<string, string>>;
  readonly page: string | undefined;
  readonly miniprogramState: string;
  readonly lang: string;
}
