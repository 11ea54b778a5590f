/** Who has something to do when the turn ends. */
export interface TurnOwner {
  onTurnEnd(): void;
}

/** What is to be done once the code that runs now has returned: one microtask for any number of owners. */
export class EndOfTurn {
  #owners: TurnOwner[] = [];

  /** Call it once a turn for each owner. */
  add(owner: TurnOwner): void {
    if (this.#owners.push(owner) === 1) queueMicrotask(this.#run);
  }

  readonly #run = (): void => {
    const owners = this.#owners;
    this.#owners = [];
    for (const owner of owners) owner.onTurnEnd();
  };
}
