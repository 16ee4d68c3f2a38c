import { rowCodeSuite } from '../contract/row-codes.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

for (const variant of testVariants()) rowCodeSuite(await testKernels(variant));
