const TEXTS: Readonly<Record<number, string>> = {
  [-2]: 'cancel',
  [-15001]: 'PARAM_INVALID',
  [-15002]: 'OUT_TRADE_NO_REPEATED',
  [-15004]: 'CURRENCY_TYPE_INVALID',
  [-15005]: 'SIGNATURE_INVALID',
  [-15006]: 'PAY_SIG_INVALID',
  [-15007]: 'SESSION_KEY_EXPIRED',
  [-15009]: 'COIN_NOT_PUBLISH',
  [-15010]: 'PRODUCT_ID_NOT_PUBLISH',
  [-15011]: 'PAYMENT_ILLEGAL_IN_SANDBOX',
  [-15013]: 'GOODS_PRICE_INVALID',
  [-15014]: 'COIN_OR_PRODUCT_ID_CREATED_IN_RECENTLY',
  [-15016]: 'SIGN_DATA_INVALID',
};

/** Why `wx.requestVirtualPayment` failed; `reason` says what exactly where the number does not. */
export interface ClientError {
  readonly errCode: number;
  readonly reason?: string;
}

/** What its `fail` callback gets. The numbers are documented; of the texts only a few are. */
export function clientFailure({ errCode, reason }: ClientError): { readonly errCode: number; readonly errMsg: string } {
  const text = [TEXTS[errCode], reason].filter((part) => part !== undefined).join(': ');
  return { errCode, errMsg: `requestVirtualPayment:fail ${text}` };
}
