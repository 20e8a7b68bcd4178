export { activate, addColumnSums, fillRows, timesSlope, timesSlopeAlong } from './elementwise';
export { gemm } from './gemm';
