import type { FastifyRequest } from 'fastify';
import { CLIENT_PLATFORMS, type ClientPlatform } from '../context/index.js';

/** The platform that a client names in `X-Client-Platform` (as `wx.getDeviceInfo().platform` spells it), else the one that its browser, or WeChat, names. */
export function platformOf(request: Pick<FastifyRequest, 'headers'>): ClientPlatform {
  const named = request.headers['x-client-platform'];
  if (typeof named === 'string') return CLIENT_PLATFORMS.find((each) => each === named.trim().toLowerCase()) ?? 'other';
  const agent = request.headers['user-agent'] ?? '';
  if (/\b(iPhone|iPad|iPod)\b/.test(agent)) return 'ios';
  return /\bAndroid\b/.test(agent) ? 'android' : 'other';
}
