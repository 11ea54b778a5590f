/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is used here, so that any validator that speaks it
 * fits without being imported.
 */
export interface StandardSchema<Output, Input = unknown> {
  readonly "~standard": {
    /** What it takes and gives; there for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** What a validator has against a value. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
