import { rowSuite } from '../contract/rows.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

for (const variant of testVariants()) rowSuite(await testKernels(variant));
