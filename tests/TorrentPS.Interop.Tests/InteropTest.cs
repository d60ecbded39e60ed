using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests;

/// <summary>A test class with a temporary folder for each test.</summary>
public abstract class InteropTest : IDisposable
{
    private protected TempFolder Temp { get; } = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Writes a payload into a new folder.</summary>
    private protected string Source(Payload payload) => payload.WriteTo(Temp.Folder("source"));

    private protected string Target => Temp.Folder("target");

    public void Dispose()
    {
        Temp.Dispose();
        GC.SuppressFinalize(this);
    }
}
