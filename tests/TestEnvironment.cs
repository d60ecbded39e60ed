using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TorrentPS;

/// <summary>The environment of a test program and its child processes: separate from the user's state and from the public DHT.</summary>
internal static class TestEnvironment
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "It has to come before everything else.")]
    internal static void Prepare()
    {
        Environment.SetEnvironmentVariable("TORRENTPS_DHT_NODES", "none");
        // Test programs run in parallel.
        Environment.SetEnvironmentVariable("TORRENTPS_STATE", Path.Combine(Path.GetTempPath(), $"{Assembly.GetExecutingAssembly().GetName().Name}-state"));
    }
}
