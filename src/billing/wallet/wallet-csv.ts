import type { UsageRow, WalletTransfer } from './wallet.js';

/** Spreadsheets take a UTF-8 file for what it is only with this mark before it. */
const BOM = '\uFEFF';

export async function* transferLines(rows: AsyncIterable<WalletTransfer>): AsyncGenerator<string> {
  yield `${BOM}time,reason,credits,reference\r\n`;
  for await (const row of rows) yield line([row.at.toISOString(), row.reason, `${row.direction === 'out' ? '-' : ''}${row.credits}`, row.reference]);
}

export async function* usageLines(rows: AsyncIterable<UsageRow>): AsyncGenerator<string> {
  yield `${BOM}time,model,prompt_tokens,cached_tokens,completion_tokens,reasoning_tokens,credits,conversation_id,run_id\r\n`;
  for await (const row of rows) {
    yield line([row.at.toISOString(), row.model, row.promptTokens, row.cachedTokens, row.completionTokens, row.reasoningTokens, row.credits, row.conversationId ?? '', row.runId]);
  }
}

/** RFC 4180. A text that a spreadsheet would run as a formula gets a quote before it. */
function line(fields: readonly (string | number | bigint)[]): string {
  return `${fields.map((field) => (typeof field === 'string' ? quoted(field) : field.toString())).join(',')}\r\n`;
}

function quoted(text: string): string {
  const harmless = /^[=+@\t\r]|^-(?!\d+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
