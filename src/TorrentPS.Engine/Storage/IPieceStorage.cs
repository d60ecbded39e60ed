using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Where the pieces of one torrent are kept while it runs. <see cref="Write"/> and <see cref="TryRead"/> are positioned, synchronous and called from several disk threads
/// at once; all else is called by one at a time. What has a default is for storage that outlives the run, or that others can change.
/// </summary>
internal interface IPieceStorage : IDisposable
{
    /// <summary>The full path of the file or folder, or what else people know it by.</summary>
    string DataPath { get; }

    /// <summary>The files that it is in, where other programs can change them; else null.</summary>
    IChangedFiles? Changes => null;

    /// <summary>Bytes that <see cref="CheckAsync"/> has copied from other data.</summary>
    long BytesReused => 0;

    /// <summary>Finds out what is there, and makes what is not. Called once, before anything else.</summary>
    /// <param name="pieceChecked">Gets how many pieces are looked at, and of how many; from any thread.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The pieces that are right; the caller's own.</returns>
    /// <exception cref="TorrentException">The data cannot be kept there, or read.</exception>
    Task<Bitfield> CheckAsync(Action<int, int> pieceChecked, CancellationToken cancellationToken);

    /// <summary>Writes part of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">Where in the piece the bytes begin.</param>
    /// <param name="buffers">The bytes, in a row. Not kept.</param>
    /// <exception cref="TorrentException">They could not be written.</exception>
    void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers);

    /// <summary>Reads part of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">Where in the piece the bytes begin.</param>
    /// <param name="destination">Gets the bytes; zeros where these are behind the end of a file of a v2 torrent, but in the same piece.</param>
    /// <returns>False when they are not there any more; the destination is then undefined.</returns>
    /// <exception cref="TorrentException">They could not be read.</exception>
    bool TryRead(int piece, int begin, Span<byte> destination);

    /// <summary>Notes what is there, so that a later run goes on from it.</summary>
    /// <param name="have">The pieces that are there; not kept.</param>
    /// <param name="underWay">Whether the run goes on: then a note that cannot be written is no failure.</param>
    /// <returns>Whether it is noted; if not, it is worth another try.</returns>
    /// <exception cref="TorrentException">What was written is not there any more, or the note could not be written.</exception>
    bool Save(Bitfield have, bool underWay) => true;

    /// <summary>Everything is there: sees to it that it stays, and is what was written.</summary>
    /// <param name="have">The pieces that are there; those that turn out to be damaged are removed.</param>
    /// <param name="withdrawn">Pieces that were there and were found to be changed; they are looked at again.</param>
    /// <exception cref="TorrentException">It could not be flushed, or others have damaged it (DataMismatch).</exception>
    Task CompleteAsync(Bitfield have, Bitfield? withdrawn);

    /// <summary>Takes away the pieces that are not there any more, after a failure.</summary>
    void RemoveMissing(Bitfield have)
    {
    }

    /// <summary>Some of the data that was complete is not what it was: nothing that says so holds any longer.</summary>
    void Withdrawn()
    {
    }

    /// <summary>Says what is wrong with data that should be complete.</summary>
    /// <param name="have">The pieces that are right.</param>
    string DescribeFaults(Bitfield have) => $"'{DataPath}' is not what the torrent describes.";
}
