using TorrentPS.Benchmarks;

return await CommandTree.RunAsync(args).ConfigureAwait(false);
