// Reads well-formed XML, of the kind that the chart is, and refuses everything else.

export interface XmlElement {
  readonly name: string;
  readonly attributes: Record<string, string>;
  /** Directly inside it. */
  text: string;
}

const TOKEN =
  /<(?<close>\/)?(?<name>[a-z][A-Za-z]*)(?<attributes>(?: [a-z][A-Za-z0-9-]*="[^"<]*")*)(?<empty>\/)?>|(?<text>[^<]+)/y;
const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

/** All elements in the order in which they begin. */
export function elementsOf(xml: string): XmlElement[] {
  const elements: XmlElement[] = [];
  const open: XmlElement[] = [];
  for (let at = 0; at < xml.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(xml)?.groups;
    if (groups === undefined) throw new Error(`not well-formed: ${xml.slice(at, at + 80)}`);
    const { close, name = "", attributes = "", empty, text } = groups;
    if (text !== undefined) addText(open, text);
    else if (close !== undefined) closeElement(open, name);
    else {
      if (open.length === 0 && elements.length > 0) throw new Error("a second root");
      const element = { name, attributes: attributesOf(attributes), text: "" };
      elements.push(element);
      if (empty === undefined) open.push(element);
    }
  }
  if (open.length > 0 || elements.length === 0) throw new Error(`${open.at(-1)?.name ?? "the root"} has no end`);
  return elements;
}

function addText(open: XmlElement[], text: string): void {
  const element = open.at(-1);
  if (element !== undefined) element.text += plain(text);
  else if (text.trim() !== "") throw new Error(`outside of the root: ${text}`);
}

function closeElement(open: XmlElement[], name: string): void {
  const element = open.pop();
  if (element?.name !== name) throw new Error(`${name} ends in ${element?.name ?? "nothing"}`);
}

function attributesOf(written: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = "", value = ""] of written.matchAll(/ ([^=]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`${name} twice`);
    attributes[name] = plain(value);
  }
  return attributes;
}

function plain(text: string): string {
  return text.replace(/&[^;]*;?/g, (entity) => {
    const character = ENTITIES[entity];
    if (character === undefined) throw new Error(`no entity: ${entity}`);
    return character;
  });
}
