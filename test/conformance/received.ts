import { gate } from "./platform.ts";

/** What a client got, for those who wait for some of it. */
export class Received {
  readonly #chunks: Uint8Array[] = [];
  readonly #end = gate<"fin" | "reset">();
  #onChange: () => void = () => {};
  #over = false;
  bytes = 0;

  get ended(): Promise<"fin" | "reset"> {
    return this.#end.promise;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
    this.#onChange();
  }

  end(how: "fin" | "reset"): void {
    this.#over = true;
    this.#end.open(how);
    this.#onChange();
  }

  async until(text: string): Promise<string> {
    while (!this.#text().includes(text)) {
      if (this.#over) throw new Error(`ended without ${JSON.stringify(text)}, after ${JSON.stringify(this.#text())}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    return this.#text();
  }

  async rest(): Promise<string> {
    await this.ended;
    return this.#text();
  }

  #text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  }
}
