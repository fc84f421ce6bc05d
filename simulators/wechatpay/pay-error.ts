/** A refusal as WeChat Pay tells it: an HTTP status, a code, and the number that ends its `Request-ID`. */
export class PayError extends Error {
  readonly status: number;
  readonly code: string;
  readonly number: number;
  readonly detail: Record<string, unknown> | undefined;

  constructor(status: number, code: string, message: string, number = 268435461, detail?: Record<string, unknown>) {
    super(message);
    this.status = status;
    this.code = code;
    this.number = number;
    this.detail = detail;
  }

  get body(): Record<string, unknown> {
    return { code: this.code, message: this.message, ...(this.detail ? { detail: this.detail } : {}) };
  }
}

export const paramError = (field: string, issue: string, value?: unknown): PayError =>
  new PayError(400, 'PARAM_ERROR', `参数错误：${field} ${issue}`, 268435461, { field, value: value === undefined ? null : value, issue, location: 'body' });
export const invalidRequest = (message: string, number: number): PayError => new PayError(400, 'INVALID_REQUEST', message, number);
export const orderNotExist = (): PayError => new PayError(404, 'ORDER_NOT_EXIST', '订单不存在', 268512771);
export const orderPaid = (): PayError => new PayError(400, 'ORDER_PAID', '订单已支付', 268449538);
export const orderClosed = (): PayError => new PayError(400, 'ORDER_CLOSED', '订单已关闭', 268447914);
export const refundNotExist = (): PayError => new PayError(404, 'RESOURCE_NOT_EXISTS', '退款单不存在', 268512771);
