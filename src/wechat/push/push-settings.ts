/** What a mini-program's console says of its message push (消息推送). */
export interface PushSettings {
  readonly appId: string;
  /** 3 to 32 letters and digits. */
  readonly token: string;
  /** EncodingAESKey, 43 characters. Set: letters must be encrypted, since only then does a signature cover what they say. */
  readonly aesKey: string | undefined;
}

export const PUSH_TOKEN = /^[A-Za-z0-9]{3,32}$/;
export const PUSH_AES_KEY = /^[A-Za-z0-9]{43}$/;

/** Why a letter is not taken for WeChat's. */
export type PushFault = 'query' | 'timestamp' | 'signature' | 'plain' | 'decrypt' | 'body';

/** A letter that is not taken for WeChat's; it tells nothing of keys or contents. */
export class PushRefused extends Error {
  override readonly name = 'PushRefused';

  constructor(readonly fault: PushFault) {
    super(`a push of WeChat was refused: ${fault}`);
  }
}
