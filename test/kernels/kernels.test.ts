import { kernelSuite } from '../contract/kernels.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

for (const variant of testVariants()) kernelSuite(await testKernels(variant));
