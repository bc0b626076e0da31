// @ts-check
export async function runDebianMotion(file) { throw new Error("not yet"); }
