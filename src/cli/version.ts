/** The version of this package. A constant, because package.json lies elsewhere in a checkout, in `dist` and on JSR. */
export const VERSION: string = "0.1.0";
