/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is used here. Any validator that implements
 * it can be used without an import.
 */
export interface StandardSchema<Output, Input = unknown> {
  /** The properties that the specification requires of a validator. */
  readonly "~standard": {
    /** The input and output types, for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

/** The answer of a validator: the value, or the objections to it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One objection of a validator to a value. */
export interface StandardIssue {
  /** The fault, in words. */
  readonly message: string;
  /** The place of the fault in the document. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
