/** A customer-service message that reached a user. */
export interface ReceivedMessage {
  readonly at: string;
  readonly msgtype: string;
  /** The object of this type, as the app sent it. */
  readonly content: Readonly<Record<string, unknown>>;
}
