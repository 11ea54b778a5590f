/** The version of this package. A constant: package.json is elsewhere in a checkout, in `dist` and on JSR. */
export const VERSION: string = "0.1.0";
