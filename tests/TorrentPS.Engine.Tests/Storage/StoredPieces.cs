using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Files prepared by a test, as storage.</summary>
internal sealed class StoredPieces(DataStore store) : IPieceStorage
{
    public string DataPath => store.DataPath;

    public IChangedFiles Changes => store;

    public Task<Bitfield> CheckAsync(Action<int, int> pieceChecked, CancellationToken cancellationToken) => store.VerifyAsync(_ => true, null, cancellationToken);

    public void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers) => store.Write(piece, begin, buffers);

    public bool TryRead(int piece, int begin, Span<byte> destination) => store.TryRead(piece, begin, destination);

    public Task CompleteAsync(Bitfield have, Bitfield? withdrawn) => Task.CompletedTask;

    public void Dispose() => store.Dispose();
}
