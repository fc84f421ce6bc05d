import type { Channel } from './channel.js';

/** A channel as metrics name it. The platform's are few, and named by its staff; tenants' own are one together: they are many, and their names are the tenants' words. */
export function channelLabel(channel: Pick<Channel, 'name' | 'tenantId'> | undefined): string {
  if (channel === undefined) return 'gone';
  return channel.tenantId === undefined ? channel.name : 'own';
}
