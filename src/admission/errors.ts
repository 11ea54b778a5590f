/** The codes of the refusals of `admission`. */
export type AdmissionErrorCode =
  /** The rules do not admit the address. */
  | "denied"
  /** The address has `maxPerAddress` open connections. */
  | "too-many-per-address"
  /** The address connects more often than `connectsPerSecond`. */
  | "connects-too-fast";
