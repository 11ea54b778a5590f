/** `true` where two types are the same, whatever can be assigned to what. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only while they are: `same<typeof reply, string>(true)`. */
export declare function same<A, B>(equal: Equal<A, B>): void;
