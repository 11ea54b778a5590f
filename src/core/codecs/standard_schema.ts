/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is used here. Any validator that implements
 * it can be used without an import.
 */
export interface StandardSchema<Output, Input = unknown> {
  /** What the specification asks of a validator. */
  readonly "~standard": {
    /** The input and output types, for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

/** What a validator answers: the value, or its objections. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One objection of a validator to a value. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where in the document it is. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
