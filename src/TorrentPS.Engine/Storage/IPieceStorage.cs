using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Stores the pieces of one torrent. <see cref="Write"/> and <see cref="TryRead"/> are positioned, synchronous and called from several disk threads at once; the other
/// members are called by one at a time. Members with a default are for storage that outlives the run, or that other programs can change.
/// </summary>
internal interface IPieceStorage : IDisposable
{
    /// <summary>The full path of the file or folder, or another name for people.</summary>
    string DataPath { get; }

    /// <summary>The files, if other programs can change them; otherwise null.</summary>
    IChangedFiles? Changes => null;

    /// <summary>The number of bytes that <see cref="CheckAsync"/> has copied from other data.</summary>
    long BytesReused => 0;

    /// <summary>Checks existing data, and creates missing files. Called once, before any other member.</summary>
    /// <param name="pieceChecked">Receives the number of checked pieces and their total; from any thread.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>The correct pieces, in a set that the caller may change.</returns>
    /// <exception cref="TorrentException">The data cannot be stored or read.</exception>
    Task<Bitfield> CheckAsync(Action<int, int> pieceChecked, CancellationToken cancellationToken);

    /// <summary>Writes part of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">The offset of the bytes in the piece.</param>
    /// <param name="buffers">The bytes, in consecutive buffers. Not kept.</param>
    /// <exception cref="TorrentException">The bytes could not be written.</exception>
    void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers);

    /// <summary>Reads part of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">The offset of the bytes in the piece.</param>
    /// <param name="destination">Receives the bytes; zeros behind the end of a file of a v2 torrent, in the same piece.</param>
    /// <returns>False if the data no longer exists; the destination is then undefined.</returns>
    /// <exception cref="TorrentException">The bytes could not be read.</exception>
    bool TryRead(int piece, int begin, Span<byte> destination);

    /// <summary>Stores more files from now on, while pieces are read and written.</summary>
    /// <param name="files">The files, none of which is stored yet.</param>
    /// <param name="have">The complete pieces; not kept.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The pieces of these files that already exist; the caller owns the set.</returns>
    /// <exception cref="TorrentException">The files cannot be stored.</exception>
    Task<Bitfield> StoreAsync(IReadOnlyList<int> files, Bitfield have, CancellationToken cancellationToken) => Task.FromResult(new Bitfield(have.Length));

    /// <summary>Records the complete pieces, so that a later run can resume.</summary>
    /// <param name="have">The complete pieces; not kept.</param>
    /// <param name="underWay">Whether the run continues: then a failure to write the record is not an error.</param>
    /// <returns>Whether the record is complete; if not, try again later.</returns>
    /// <exception cref="TorrentException">Written data no longer exists, or the record could not be written.</exception>
    bool Save(Bitfield have, bool underWay) => true;

    /// <summary>All pieces are complete: makes the data durable, and checks that it is unchanged.</summary>
    /// <param name="have">The complete pieces; damaged ones are removed.</param>
    /// <param name="withdrawn">Pieces that were found to be changed; they are verified again.</param>
    /// <exception cref="TorrentException">The data could not be flushed, or another program has damaged it (DataMismatch).</exception>
    Task CompleteAsync(Bitfield have, Bitfield? withdrawn);

    /// <summary>Removes pieces whose data no longer exists, after a failure.</summary>
    void RemoveMissing(Bitfield have)
    {
    }

    /// <summary>Some of the complete data has changed: invalidates all records of completeness.</summary>
    void Withdrawn()
    {
    }

    /// <summary>Describes the errors in data that should be complete.</summary>
    /// <param name="have">The correct pieces.</param>
    string DescribeFaults(Bitfield have) => $"'{DataPath}' is not what the torrent describes.";
}
