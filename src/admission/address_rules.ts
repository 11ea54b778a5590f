import type { Address } from "../core/mod.ts";
import { parseRange } from "./address_range.ts";
import { partsOf } from "./numeric_address.ts";
import { RangeTable } from "./range_table.ts";

/** The addresses that are admitted, and those that are not. */
export interface AdmissionRules {
  /**
   * The admitted addresses, such as `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`, and `unix` for all Unix peers. With this list,
   * an address that no rule names is denied: an empty list admits nobody. Default: every address that is not denied.
   */
  readonly allow?: readonly string[];
  /** The denied addresses, in the same form. Default: none. */
  readonly deny?: readonly string[];
}

interface Rule {
  readonly admits: boolean;
  readonly text: string;
}

/** The compiled rules. The longest range that contains an address decides, and of two equal ranges the denied one. */
export class AddressRules {
  readonly #ipv4 = new RangeTable<Rule>();
  readonly #ipv6 = new RangeTable<Rule>();
  #unix: Rule | undefined;
  readonly #isClosed: boolean;

  /** @throws {TypeError | RangeError} a rule that is not one */
  constructor({ allow, deny }: AdmissionRules) {
    this.#isClosed = allow !== undefined;
    this.#add("allow", allow ?? [], true);
    this.#add("deny", deny ?? [], false);
  }

  /** Returns why an address is denied, or `undefined` if it is not. */
  refusal(address: Address): string | undefined {
    const rule = this.#find(address);
    if (rule === undefined) return this.#isClosed ? "no rule allows it" : undefined;
    return rule.admits ? undefined : `denied by the rule ${rule.text}`;
  }

  #find({ hostname, path }: Address): Rule | undefined {
    if (path !== undefined) return this.#unix;
    const parts = partsOf(hostname);
    if (parts === undefined) return undefined;
    return parts.length === 2 ? this.#ipv4.get(parts) : this.#ipv6.get(parts);
  }

  #add(name: string, rules: readonly string[], admits: boolean): void {
    if (!Array.isArray(rules)) throw new TypeError(`${name} must be an array of addresses, not ${typeof rules}`);
    (rules as readonly string[]).forEach((text, index) => this.#addRule(`${name}[${index}]`, { admits, text }));
  }

  #addRule(name: string, rule: Rule): void {
    const { text } = rule;
    if (typeof text !== "string") throw new TypeError(`${name} must be a string, not ${typeof text}`);
    if (text === "unix") {
      this.#unix = rule;
      return;
    }
    const range = parseRange(name, text);
    (range.parts.length === 2 ? this.#ipv4 : this.#ipv6).set(range, rule);
  }
}
