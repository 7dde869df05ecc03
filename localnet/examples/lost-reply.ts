/** A payment whose reply is lost, a fork that undoes it, and the same bytes landing again. */
import { Connection, Keypair, SystemProgram, Transaction } from '@solana/web3.js';
import { startLocalnet } from '../index.ts';

const SOL = 1_000_000_000;
const print = (line: string) => process.stdout.write(`${line}\n`);

// Time stands still until `advance` makes slots, so the example gives the same result on any machine.
const net = await startLocalnet({ paused: true, skipShare: 0 });
const connection = new Connection(net.rpcUrl, 'processed');
const payer = Keypair.generate();
const shop = Keypair.generate().publicKey;
net.airdrop(payer.publicKey.toBase58(), 5_000_000_000n);
await net.advance(1);

const payment = new Transaction({ feePayer: payer.publicKey, ...(await connection.getLatestBlockhash()) });
payment.add(SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: shop, lamports: SOL }));
payment.sign(payer);
const send = () => connection.sendRawTransaction(payment.serialize());

net.addFault({ kind: 'reply-lost', methods: ['sendTransaction'], how: 'http-500', times: 1 });
const signature = await send().catch(() => null);
print(`The node replied: ${signature ?? 'nothing useful'}`);
await net.advance(1);
print(`The shop has ${(await connection.getBalance(shop)) / SOL} SOL`);

const { dropped } = net.fork({ depth: 1 });
await net.advance(1);
print(`After a fork: ${(await connection.getBalance(shop)) / SOL} SOL, ${dropped.length} transaction dropped`);

await send();
await net.advance(1);
print(`Sent again: ${(await connection.getBalance(shop)) / SOL} SOL`);
const blocks = net.record(dropped[0] ?? '');
print(`It stood in ${blocks.length} blocks; ${blocks.filter(({ counts }) => counts).length} of them counts`);

await net.stop();
