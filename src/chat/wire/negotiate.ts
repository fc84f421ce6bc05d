import { openai } from './openai.js';
import { sse } from './sse.js';
import { wxapp } from './wxapp.js';
import type { WireFormat, WireFormatName } from './wire.js';

const FORMATS: Readonly<Record<WireFormatName, WireFormat>> = { openai, sse, wxapp };

type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The format that the client asked for by name, else by `Accept`, else the one of its kind: mini-programs get `wxapp`, others `sse`. */
export function formatFor(name: WireFormatName | undefined, headers: RequestHeaders): WireFormat {
  if (name !== undefined) return FORMATS[name];
  if (/\btext\/event-stream\b/i.test(text(headers['accept']))) return sse;
  const miniProgram = /^https:\/\/servicewechat\.com\//.test(text(headers['referer'])) || /\bminiProgram\b/i.test(text(headers['user-agent']));
  return miniProgram ? wxapp : sse;
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
