/** Where WeChat Pay sends its letters to a tenant, of payments and refunds alike. Without a query, as WeChat asks (reference: notify_url). */
export function notifyUrl(publicUrl: string, tenantId: string): string {
  return `${publicUrl}/webhooks/wechatpay/${tenantId}`;
}
