import { tileSuite } from '../contract/tiles.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

for (const variant of testVariants()) tileSuite(await testKernels(variant));
