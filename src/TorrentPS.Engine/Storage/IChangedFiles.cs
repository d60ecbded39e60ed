using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage;

/// <summary>The files of a torrent as other programs may change them meanwhile.</summary>
internal interface IChangedFiles
{
    /// <summary>Looks when the files that are open were written last.</summary>
    void LookAtOpenFiles();

    /// <summary>The next file that others have written, or that is doubtful for another reason: it is opened anew, since another may be in its place.</summary>
    bool TryTakeDoubtful(out int file);

    /// <summary>Reads one piece and compares it with its hash.</summary>
    /// <exception cref="TorrentException">It could not be read (AccessDenied, UnsafePath).</exception>
    bool IsStillRight(int piece);

    /// <summary>Whether others have written a file, as far as is known.</summary>
    bool IsTouched(int file);

    /// <summary>Notes that others have written a file, so that it is verified at the end.</summary>
    void Touch(int file);

    /// <summary>The same, and has it verified soon.</summary>
    void Doubt(int file);

    /// <summary>All of a file was verified, and nothing of it is wrong.</summary>
    void Trust(int file);

    /// <summary>Why a file could not be read, when it could not.</summary>
    TorrentException? ReadFailure(int file);

    /// <summary>The wanted files that a piece is made of: those that could not be read, else those that are gone or cut, else those that others have written, where there are such.</summary>
    List<int> FilesBehind(int piece);

    /// <summary>Where a file is.</summary>
    string PathOnDisk(int file);

    /// <summary>What has become of a file that is not what it was.</summary>
    string DescribeChange(int file);
}
