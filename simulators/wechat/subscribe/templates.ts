import { ControlError } from '../control-error.js';
import { isFieldName } from './field-values.js';
import { textOf } from '../control-fields.js';

const MOST_APPS = 10_000;
const MOST_TEMPLATES = 50;
const MOST_FIELDS = 20;
const MOST_PAGES = 500;
const KEYS = ['id', 'fields', 'longTerm'];

/** A template of subscribe messages, as the console's list has it. */
export interface Template {
  readonly id: string;
  /** The names of its fields, each a kind and a number: `thing1`, `time2`. */
  readonly fields: readonly string[];
  /** 长期订阅: one consent is good for any number of messages. */
  readonly longTerm: boolean;
}

/** The templates that an app chose, and the pages that it has. */
export interface TemplateList {
  readonly templates: readonly Template[];
  /** The pages of the published version; undefined = whatever page a message names. */
  readonly pages: readonly string[] | undefined;
}

const NONE: TemplateList = { templates: [], pages: undefined };

/** The console's templates of every app. */
export class Templates {
  readonly #lists = new Map<string, TemplateList>();

  /** The list of an app; an empty one where none was set. */
  of(appid: string): TemplateList {
    return this.#lists.get(appid) ?? NONE;
  }

  /** A template of an app; undefined where it has none of this id. */
  find(appid: string, id: unknown): Template | undefined {
    return this.of(appid).templates.find((template) => template.id === id);
  }

  /** `{templates, pages?}` of a registered app, as a whole. Throws ControlError; the old list stays then. */
  set(appid: string, { templates, pages }: Readonly<Record<string, unknown>>): TemplateList {
    if (!Array.isArray(templates) || templates.length > MOST_TEMPLATES) throw new ControlError(400, `"templates" must be a list of at most ${MOST_TEMPLATES}.`);
    if (this.#lists.size >= MOST_APPS && !this.#lists.has(appid)) throw new ControlError(507, 'Too many lists of templates.');
    const list = { templates: templates.map(parseTemplate), pages: pages === undefined ? undefined : parsePages(pages) };
    if (new Set(list.templates.map(({ id }) => id)).size < list.templates.length) throw new ControlError(400, 'Two templates have the same id.');
    this.#lists.set(appid, list);
    return list;
  }

  /** The app has no templates any more, nor a list of its pages. */
  remove(appid: string): void {
    this.#lists.delete(appid);
  }
}

function parseTemplate(value: unknown): Template {
  if (typeof value !== 'object' || value === null) throw new ControlError(400, 'A template must be a JSON object.');
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new ControlError(400, `Unknown field "${unknown}" of a template.`);
  const { id, fields, longTerm = false } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > MOST_FIELDS || !fields.every(isFieldName)) throw new ControlError(400, '"fields" must list names such as thing1, time2, amount3.');
  if (typeof longTerm !== 'boolean') throw new ControlError(400, '"longTerm" must be true or false.');
  return { id: textOf(id, 'id'), fields, longTerm };
}

function parsePages(pages: unknown): readonly string[] {
  if (!Array.isArray(pages) || pages.length > MOST_PAGES) throw new ControlError(400, `"pages" must be a list of at most ${MOST_PAGES}.`);
  return pages.map((page) => textOf(page, 'pages'));
}
